// Gas in a porous rock: nonlinear, so only its continuity form is derived.
pde porous_medium {
    title    "Porous medium";
    source   "Muskat, The Flow of Homogeneous Fluids (1937)";
    space    x in R^N, N >= 1;
    param    n > 1;
    equation phi_t - lap(phi^n) = 0;
    expect   undecided;
    test     N = 2, n = 2;
}
