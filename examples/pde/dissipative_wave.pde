// A wave with friction (the telegraph equation): diffusion behind a front that fades.
pde dissipative_wave {
    title    "Dissipative wave";
    source   "arXiv:2304.02637, Sec. 3 and Table 1";
    space    x in R^N, N >= 1;
    param    eps > 0;
    equation phi_tt + 2 eps phi_t - lap(phi) = 0;
    expect   conditional when "behind the front, where p > 0: all r < t for N = 1, 3; eps large";
    claim    conditional by "arXiv:2304.02637, Table 1";
    test     N = 2, eps = 2;
}
