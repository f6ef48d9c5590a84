phi_t - phi^999999999 = 0   //~ E0308 this exponent is too large
