// PFGM++: Poisson in N + D dimensions, for data that are symmetric in D of them. The coefficient (D-1)/t depends
// on t, which the dispersion relation does not cover.
pde pfgmpp {
    title    "PFGM++";
    source   "Xu et al., arXiv:2302.04265";
    space    x in R^N, N >= 1;
    param    D > 0;
    equation phi_tt + (D-1)/t phi_t + lap(phi) = 0;
    expect   undecided;
    test     N = 2, D = 3;
}
