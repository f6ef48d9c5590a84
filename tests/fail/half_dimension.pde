phi_t - lap(phi) = 0 where N = 1.5   //~ E0306
