// Diffusion in sheets: nothing crosses from one to the next, so a point source stays a line.
pde layered_diffusion {
    title    "Diffusion along one axis of the plane";
    source   "Sato, Levy Processes and Infinitely Divisible Distributions, Thm. 8.1";
    space    x in R^2;
    equation phi_t - phi_xx = 0;
    expect   conditional;
    test     N = 2;
}
