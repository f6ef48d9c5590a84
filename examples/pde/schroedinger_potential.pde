// A quantum particle in a potential V(x), which is outside the dispersion relation.
pde schroedinger_potential {
    title    "Schroedinger with a potential";
    source   "Schroedinger, Ann. Phys. 384, 361 (1926)";
    field    phi: complex;
    space    x in R^N, N >= 1;
    equation i phi_t + lap(phi) - V(x) phi = 0;
    expect   undecided;
    test     N = 2;
}
