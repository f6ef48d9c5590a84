phi_tt + lap(phi) 2 = 0   //~ E0101 found a number
