pde yukawa {
    param    m > 0;
    param    m < 0;   //~ E0304 no value of `m`
    equation phi_tt + lap(phi) - m^2 phi = 0;
}
