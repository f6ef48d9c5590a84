phi_t - lap(phi) + x^2 phi = 0   //~ E0204 `^` needs a scalar
