// PFGM++: Poisson in N + D dimensions, for data that are symmetric in D of them. The decaying modes are modified Bessel
// functions of t, and lambda depends on t.
pde pfgmpp {
    title    "PFGM++";
    source   "Xu et al., arXiv:2302.04265";
    space    x in R^N, N >= 1;
    param    D > 0;
    equation phi_tt + (D-1)/t phi_t + lap(phi) = 0;
    expect   s_generative;
    test     N = 2, D = 3;
}
