phi_tt + lap(phi - m^2 phi = 0   //~ E0102 never closed
