// The linear part of convection rolls: one wave number is preferred.
pde swift_hohenberg {
    title    "Swift-Hohenberg, linear part";
    source   "Swift and Hohenberg, Phys. Rev. A 15, 319 (1977)";
    space    x in R^N, N >= 1;
    param    r real;
    equation phi_t - r phi + phi + 2 lap(phi) + lap(lap(phi)) = 0;
    expect   not_s_generative by C1;
    test     N = 2, r = 1/2;
}
