phi_t - lap(phi)/0 = 0   //~ E0305 division by zero
