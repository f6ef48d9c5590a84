// Klein-Gordon with a negative square of the mass: exp(m t) times a dissipative wave.
pde tachyon {
    title    "Klein-Gordon with negative mass squared";
    source   "Feinberg, Phys. Rev. 159, 1089 (1967)";
    space    x in R^N, N >= 1;
    param    m > 0;
    equation phi_tt - lap(phi) - m^2 phi = 0;
    expect   conditional when "behind the front, where p > 0";
    test     N = 2, m = 1;
}
