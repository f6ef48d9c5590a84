pde schroedinger {
    field    phi: real;   //~ E0312 write `field phi: complex`
    equation i phi_t + lap(phi) = 0;
}
