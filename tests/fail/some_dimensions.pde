phi_t - lap(phi) = 0 where N >= 3   //~ E0306 not a condition on the dimension
