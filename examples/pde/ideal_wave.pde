// Sound without loss: fronts at r = t, nothing is smoothed.
pde ideal_wave {
    title    "Ideal wave";
    source   "arXiv:2304.02637";
    space    x in R^N, N >= 1;
    equation phi_tt - lap(phi) = 0;
    expect   not_s_generative by C1;
    claim    not_s_generative by "arXiv:2304.02637";
    test     N = 2;
}
