pde slip {
    param    m > 0;
    equation phi_tt + lap(phi) - mu^2 phi = 0;
}
