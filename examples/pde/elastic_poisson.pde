// Poisson with bending stiffness: lambda = sqrt(kappa + kappa^2).
pde elastic_poisson {
    title    "Poisson with bending";
    source   "the elliptic relative of a beam under tension";
    space    x in R^N, N >= 1;
    equation phi_tt + lap(phi) - lap(lap(phi)) = 0;
    expect   s_generative;
    test     N = 2;
}
