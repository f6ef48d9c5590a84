// Heat conduction: the flow of denoising diffusion models, its kernel a Gaussian of variance 2 t per axis.
pde diffusion {
    title    "Diffusion";
    source   "arXiv:2304.02637";
    space    x in R^N, N >= 1;
    equation phi_t - lap(phi) = 0;
    expect   s_generative;
    claim    s_generative by "arXiv:2304.02637";
    test     N = 2;
}
