phi_t - c lap(phi) = 0 where 0 < c > 1   //~ E0309 a chain of relations goes one way
