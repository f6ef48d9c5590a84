// Diffusion run backwards: it sharpens, and no kernel carries data forward in time.
pde backward_heat {
    title    "Backward heat equation";
    source   "Hadamard, Lectures on Cauchy's Problem (1923)";
    space    x in R^N, N >= 1;
    equation phi_t + lap(phi) = 0;
    expect   not_s_generative by C1;
    test     N = 2;
}
