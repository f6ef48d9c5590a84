dt(phi, 1/2) - lap(phi) = 0   //~ E0203 a whole number from 1 to 64
