// Long jumps in every direction, and a random walk along one of them.
pde levy_flight_on_a_line {
    title    "Fractional diffusion with a preferred axis";
    source   "Sato, Levy Processes and Infinitely Divisible Distributions, Thm. 8.1";
    space    x in R^N;
    param    0 < beta < 1;
    equation phi_t + (-lap)^beta phi - phi_xx = 0;
    expect   s_generative;
    test     N = 2, beta = 1/2;
}
