pde heat {
    equation phi_t - lap(phi) = 0   //~ E0106 expected `;`, found `expect`
    expect   s_generative;
}
