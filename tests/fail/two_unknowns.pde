phi_t - lap(chi) = 0   //~ E0302 2 unknowns in 1 equation
