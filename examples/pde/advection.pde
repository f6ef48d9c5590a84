// Wind alone: the data move, nothing is smoothed.
pde advection {
    title    "Advection";
    source   "the transport equation of every textbook";
    space    x in R^1;
    param    c real nonzero;
    equation phi_t + c phi_x = 0;
    expect   not_s_generative by C2;
    test     N = 1, c = 1;
}
