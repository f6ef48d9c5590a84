pde heat {
    equation phi_t - lap(phi) = 0;
    expect   s_generative;
    require  s_generative;   //~ E0109 `expect` and `require` count as one
}
