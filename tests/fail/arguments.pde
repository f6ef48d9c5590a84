phi_t - lap(phi, 2) = 0   //~ E0202 takes 1 argument, not 2
