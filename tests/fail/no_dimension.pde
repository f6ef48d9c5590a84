phi_t - lap(phi) = 0 where N = 0   //~ E0306 a whole number, 1 or more
