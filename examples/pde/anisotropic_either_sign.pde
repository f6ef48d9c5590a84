// Diffusion along x with a coefficient of either sign along y: a density as long as nothing runs backwards.
pde anisotropic_either_sign {
    title    "Anisotropic diffusion, sign not stated";
    source   "Sato, Levy Processes and Infinitely Divisible Distributions, Thm. 8.1";
    space    x in R^2;
    param    b real nonzero;
    equation phi_t - phi_xx - b phi_yy = 0;
    expect   conditional when b > 0;
    test     N = 2, b = 1;
}
