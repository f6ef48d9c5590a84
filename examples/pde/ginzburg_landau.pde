// The linear part of complex Ginzburg-Landau: diffusion and dispersion at once.
pde ginzburg_landau {
    title    "Complex Ginzburg-Landau, linear part";
    source   "Aranson and Kramer, Rev. Mod. Phys. 74, 99 (2002)";
    field    phi: complex;
    space    x in R^N, N >= 1;
    param    c real;
    equation phi_t - (1 + i c) lap(phi) = 0;
    expect   conditional when c = 0;
    test     N = 2, c = 0;
}
