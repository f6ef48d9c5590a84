// Heat in wood: it spreads twice as fast along the grain.
pde anisotropic_diffusion {
    title    "Anisotropic diffusion";
    source   "Crank, The Mathematics of Diffusion, Sec. 1.4";
    space    x in R^2;
    equation phi_t - phi_xx - 2 phi_yy = 0;
    expect   s_generative;
    test     N = 2;
}
