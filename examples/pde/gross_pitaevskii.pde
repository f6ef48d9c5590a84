// A Bose-Einstein condensate: nonlinear, so only its continuity form is derived.
pde gross_pitaevskii {
    title    "Gross-Pitaevskii";
    source   "Gross, Nuovo Cimento 20, 454 (1961); Pitaevskii (1961)";
    field    phi: complex;
    space    x in R^N, N >= 1;
    param    g real;
    equation i phi_t + lap(phi) - g abs2(phi) phi = 0;
    expect   undecided;
    test     N = 2, g = 1;
}
