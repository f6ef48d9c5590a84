phi_tt + 2eps phi_t - lap(phi) = 0   //~ E0003 `2 eps`
