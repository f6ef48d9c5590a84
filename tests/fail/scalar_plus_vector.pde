phi_t - grad(phi) = 0   //~ E0206 a vector is added to a scalar
