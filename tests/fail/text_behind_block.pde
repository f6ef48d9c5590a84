pde heat {
    equation phi_t - lap(phi) = 0;
}
phi_t - lap(phi) = 0   //~ E0104 goes on with `phi_t`
