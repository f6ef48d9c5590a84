// Charges of the data on the plane t = 0 of a space with one more dimension: Poisson flow models.
pde poisson {
    title    "Poisson";
    source   "arXiv:2304.02637";
    space    x in R^N, N >= 1;
    equation phi_tt + lap(phi) = 0;
    expect   s_generative;
    claim    s_generative by "arXiv:2304.02637";
    test     N = 2;
}
