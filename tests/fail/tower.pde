phi_t - 2^(10^9) lap(phi) = 0   //~ E0308 this exponent is too large
