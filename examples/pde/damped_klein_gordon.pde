// A massive field with friction: it diffuses when the friction wins over the mass.
pde damped_klein_gordon {
    title    "Damped Klein-Gordon";
    source   "between the dissipative wave and Klein-Gordon";
    space    x in R^N, N >= 1;
    param    eps > 0;
    param    m > 0;
    equation phi_tt + 2 eps phi_t - lap(phi) + m^2 phi = 0;
    expect   conditional when "eps > m, and behind the front, where p > 0";
    test     N = 2, eps = 2, m = 1;
}
