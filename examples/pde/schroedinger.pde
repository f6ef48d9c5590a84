// A free quantum particle: it interferes, and v diverges where phi vanishes.
pde schroedinger {
    title    "Schroedinger";
    source   "arXiv:2304.02637, Table 2";
    field    phi: complex;
    space    x in R^N, N >= 1;
    equation i phi_t + lap(phi) = 0;
    expect   not_s_generative by C1;
    claim    not_s_generative by "arXiv:2304.02637";
    test     N = 2;
}
