// A gene that spreads: nonlinear, so only its continuity form is derived.
pde fisher_kpp {
    title    "Fisher-KPP";
    source   "Fisher, Ann. Eugenics 7, 355 (1937)";
    space    x in R^N, N >= 1;
    param    r > 0;
    equation phi_t - lap(phi) = r*phi*(1 - phi);
    expect   undecided;
    test     N = 2, r = 1;
}
