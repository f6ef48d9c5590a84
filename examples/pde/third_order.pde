// Three time derivatives: the two growing branches are removed, kappa^(1/3) remains.
pde third_order {
    title    "Third order in time";
    source   "arXiv:2304.02637";
    space    x in R^N, N >= 1;
    equation phi_ttt - lap(phi) = 0;
    expect   s_generative;
    claim    s_generative by "arXiv:2304.02637";
    test     N = 2;
}
