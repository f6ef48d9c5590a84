// Decay at each point by itself: lambda does not depend on the wave number.
pde local_decay {
    title    "Local decay";
    source   "Rutherford and Soddy (1902)";
    space    x in R^N, N >= 1;
    param    c > 0;
    equation phi_t + c phi = 0;
    expect   not_s_generative by C2;
    test     N = 2, c = 1;
}
