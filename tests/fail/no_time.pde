lap(phi) - m^2 phi = 0   //~ E0303 no time derivative
