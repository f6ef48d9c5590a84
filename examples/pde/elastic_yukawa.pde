// Bending and screening together: generative while the screening is weak.
pde elastic_yukawa {
    title    "Poisson with bending and screening";
    source   "the elliptic relative of a beam on a foundation";
    space    x in R^N, N >= 1;
    param    m > 0;
    equation phi_tt + lap(phi) - lap(lap(phi)) - m^2 phi = 0;
    expect   conditional when m <= 1/2;
    test     N = 2, m = 1/4;
}
