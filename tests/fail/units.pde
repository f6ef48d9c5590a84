pde yukawa {
    units    x: L, t: L, m: 1/L;   //~ E0112 units are not checked
    equation phi_tt + lap(phi) - m^2 phi = 0;
}
