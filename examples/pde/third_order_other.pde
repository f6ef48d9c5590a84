// The other sign: a decaying pair that oscillates.
pde third_order_other {
    title    "Third order in time, other sign";
    source   "a relative of the third-order equation of arXiv:2304.02637";
    space    x in R^N, N >= 1;
    equation phi_ttt + lap(phi) = 0;
    expect   not_s_generative by C1;
    test     N = 2;
}
