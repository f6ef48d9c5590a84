pde heat {
    equation phi_t - lap(phi) = 0;
    expect   s-generative;   //~ E0111 a verdict is one of
}
