pde heat {
    equation phi_t - lap(phi) = 0;
    expct    s_generative;   //~ E0105 did you mean `expect`?
}
