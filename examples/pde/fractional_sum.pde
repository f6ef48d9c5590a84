// Two Levy flights at once: a sum of Bernstein functions.
pde fractional_sum {
    title    "Mixed fractional diffusion";
    source   "Schilling, Song and Vondracek, Bernstein Functions (2012)";
    space    x in R^N, N >= 1;
    param    0 < alpha <= 1;
    param    0 < beta <= 1;
    equation phi_t + (-lap)^alpha phi + (-lap)^beta phi = 0;
    expect   s_generative;
    test     N = 2, alpha = 1/2, beta = 3/4;
}
