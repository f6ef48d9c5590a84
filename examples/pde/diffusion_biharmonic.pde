// Diffusion with surface stiffness: one constant decides.
pde diffusion_biharmonic {
    title    "Diffusion plus biharmonic";
    source   "heat conduction with the next order of the gradient expansion";
    space    x in R^N, N >= 1;
    param    a > 0;
    param    b >= 0;
    equation phi_t - a lap(phi) + b lap(lap(phi)) = 0;
    expect   conditional when b = 0;
    test     N = 2, a = 1, b = 0;
}
