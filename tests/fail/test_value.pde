pde yukawa {
    param    m > 0;
    equation phi_tt + lap(phi) - m^2 phi = 0;
    test     N = 2, m = -1;   //~ E0310 it is assumed that m > 0
}
