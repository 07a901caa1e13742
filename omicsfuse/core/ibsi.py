"""Features of the image biomarker standardisation initiative: codes, and MIRP's short names.

Zwanenburg et al. 2020, Radiology 295:328 (https://ibsi.readthedocs.io). The names of MIRP are those
of https://oncoray.github.io/mirp/features_names.html. A feature that PyRadiomics has too is called
as PyRadiomics calls it.
"""

#: Family of MIRP's names, its class, and rows of: code, MIRP's name within the family, feature.
_TABLE = """
morph shape
RNU0 volume MeshVolume
YEKZ vol_approx VoxelVolume
C0JK area_mesh SurfaceArea
2PR5 av SurfaceVolumeRatio
SKGS comp_1 Compactness1
BQWJ comp_2 Compactness2
KRCK sph_dispr SphericalDisproportion
QCFX sphericity Sphericity
25C7 asphericity Asphericity
KLMA com CentreOfMassShift
L0JK diam Maximum3DDiameter
TDIC pca_maj_axis MajorAxisLength
P9VJ pca_min_axis MinorAxisLength
7J51 pca_least_axis LeastAxisLength
Q3CK pca_elongation Elongation
N17B pca_flatness Flatness
PBX1 vol_dens_aabb VolumeDensityBoundingBox
R59B area_dens_aabb AreaDensityBoundingBox
ZH1A vol_dens_ombb VolumeDensityOrientedBoundingBox
IQYR area_dens_ombb AreaDensityOrientedBoundingBox
6BDE vol_dens_aee VolumeDensityEllipsoid
RDD2 area_dens_aee AreaDensityEllipsoid
SWZ1 vol_dens_mvee VolumeDensityEnclosingEllipsoid
BRI8 area_dens_mvee AreaDensityEnclosingEllipsoid
R3ER vol_dens_conv_hull VolumeDensityConvexHull
7T7F area_dens_conv_hull AreaDensityConvexHull
99N0 integ_int IntegratedIntensity
N365 moran_i MoransI
NPT7 geary_c GearysC
loc firstorder
VJGA peak_loc LocalIntensityPeak
0F91 peak_glob GlobalIntensityPeak
stat firstorder
Q4LE mean Mean
ECT3 var Variance
KE2A skew Skewness
IPH6 kurt Kurtosis
Y12H median Median
1GSF min Minimum
QG58 p10 10Percentile
8DWT p90 90Percentile
84IY max Maximum
SALO iqr InterquartileRange
2OJQ range Range
4FUA mad MeanAbsoluteDeviation
1128 rmad RobustMeanAbsoluteDeviation
N72L medad MedianAbsoluteDeviation
7TET cov CoefficientOfVariation
9S40 qcod QuartileCoefficientOfDispersion
N8CA energy Energy
5ZWQ rms RootMeanSquared
ih histogram
X6K6 mean Mean
CH89 var Variance
88K1 skew Skewness
C3I7 kurt Kurtosis
WIFQ median Median
1PR8 min Minimum
GPMT p10 10Percentile
OZ0C p90 90Percentile
3NCY max Maximum
AMMC mode Mode
WR0O iqr InterquartileRange
5Z3W range Range
D2ZX mad MeanAbsoluteDeviation
WRZB rmad RobustMeanAbsoluteDeviation
4RNL medad MedianAbsoluteDeviation
CWYJ cov CoefficientOfVariation
SLWD qcod QuartileCoefficientOfDispersion
TLU2 entropy Entropy
BJ5W uniformity Uniformity
12CE max_grad MaximumGradient
8E6O max_grad_g MaximumGradientGrayLevel
VQB3 min_grad MinimumGradient
RHQZ min_grad_g MinimumGradientGrayLevel
ivh ivh
BC2M v VolumeFractionAtIntensity
GBPN i IntensityAtVolumeFraction
DDTU diff_v VolumeFractionDifference
CNV2 diff_i IntensityFractionDifference
9CMM auc AreaUnderCurve
cm glcm
GYBY joint_max MaximumProbability
60VM joint_avg JointAverage
UR99 joint_var SumSquares
TU9B joint_entr JointEntropy
TF7R diff_avg DifferenceAverage
D3YU diff_var DifferenceVariance
NTRS diff_entr DifferenceEntropy
ZGXS sum_avg SumAverage
OEEB sum_var SumVariance
P6QZ sum_entr SumEntropy
8ZQL energy JointEnergy
ACUI contrast Contrast
8S9J dissimilarity Dissimilarity
IB1Z inv_diff Id
NDRX inv_diff_norm Idn
WF0Z inv_diff_mom Idm
1QCO inv_diff_mom_norm Idmn
E8JP inv_var InverseVariance
NI2N corr Correlation
QWB0 auto_corr Autocorrelation
DG8W clust_tend ClusterTendency
7NFM clust_shade ClusterShade
AE86 clust_prom ClusterProminence
R8DG info_corr1 Imc1
JN9H info_corr2 Imc2
- mcc MCC
rlm glrlm
22OV sre ShortRunEmphasis
W4KF lre LongRunEmphasis
V3SW lgre LowGrayLevelRunEmphasis
G3QZ hgre HighGrayLevelRunEmphasis
HTZT srlge ShortRunLowGrayLevelEmphasis
GD3A srhge ShortRunHighGrayLevelEmphasis
IVPO lrlge LongRunLowGrayLevelEmphasis
3KUM lrhge LongRunHighGrayLevelEmphasis
R5YN glnu GrayLevelNonUniformity
OVBL glnu_norm GrayLevelNonUniformityNormalized
W92Y rlnu RunLengthNonUniformity
IC23 rlnu_norm RunLengthNonUniformityNormalized
9ZK5 r_perc RunPercentage
8CE5 gl_var GrayLevelVariance
SXLW rl_var RunVariance
HJ9O rl_entr RunEntropy
szm glszm
5QRC sze SmallAreaEmphasis
48P8 lze LargeAreaEmphasis
XMSY lgze LowGrayLevelZoneEmphasis
5GN9 hgze HighGrayLevelZoneEmphasis
5RAI szlge SmallAreaLowGrayLevelEmphasis
HW1V szhge SmallAreaHighGrayLevelEmphasis
YH51 lzlge LargeAreaLowGrayLevelEmphasis
J17V lzhge LargeAreaHighGrayLevelEmphasis
JNSA glnu GrayLevelNonUniformity
Y1RO glnu_norm GrayLevelNonUniformityNormalized
4JP3 zsnu SizeZoneNonUniformity
VB3A zsnu_norm SizeZoneNonUniformityNormalized
P30P z_perc ZonePercentage
BYLV gl_var GrayLevelVariance
3NSA zs_var ZoneVariance
GU8N zs_entr ZoneEntropy
dzm gldzm
0GBI sde SmallDistanceEmphasis
MB4I lde LargeDistanceEmphasis
S1RA lgze LowGrayLevelZoneEmphasis
K26C hgze HighGrayLevelZoneEmphasis
RUVG sdlge SmallDistanceLowGrayLevelEmphasis
DKNJ sdhge SmallDistanceHighGrayLevelEmphasis
A7WM ldlge LargeDistanceLowGrayLevelEmphasis
KLTH ldhge LargeDistanceHighGrayLevelEmphasis
VFT7 glnu GrayLevelNonUniformity
7HP3 glnu_norm GrayLevelNonUniformityNormalized
V294 zdnu ZoneDistanceNonUniformity
IATH zdnu_norm ZoneDistanceNonUniformityNormalized
VIWW z_perc ZonePercentage
QK93 gl_var GrayLevelVariance
7WT1 zd_var ZoneDistanceVariance
GBDU zd_entr ZoneDistanceEntropy
ngt ngtdm
QCDE coarseness Coarseness
65HE contrast Contrast
NQ30 busyness Busyness
HDEZ complexity Complexity
1X9X strength Strength
ngl gldm
SODN lde SmallDependenceEmphasis
IMOQ hde LargeDependenceEmphasis
TL9H lgce LowGrayLevelEmphasis
OAE7 hgce HighGrayLevelEmphasis
EQ3F ldlge SmallDependenceLowGrayLevelEmphasis
JA6D ldhge SmallDependenceHighGrayLevelEmphasis
NBZI hdlge LargeDependenceLowGrayLevelEmphasis
9QMG hdhge LargeDependenceHighGrayLevelEmphasis
FP8K glnu GrayLevelNonUniformity
5SPA glnu_norm GrayLevelNonUniformityNormalized
Z87G dcnu DependenceNonUniformity
OKJI dcnu_norm DependenceNonUniformityNormalized
6XV8 dc_perc DependencePercentage
1PFV gl_var GrayLevelVariance
DNX2 dc_var DependenceVariance
FCBV dc_entr DependenceEntropy
CAS9 dc_energy DependenceEnergy
"""


#: Class and feature of each code; class of each of MIRP's families; feature of each of MIRP's
#: names, by family; features that each class has.
CODES: dict[str, tuple[str, str]] = {}
MIRP_CLASSES: dict[str, str] = {}
MIRP: dict[str, dict[str, str]] = {}
FEATURES: dict[str, set[str]] = {}
for _row in _TABLE.strip().split("\n"):
    match _row.split(" "):
        case [_family, _class]:
            MIRP_CLASSES[_family], MIRP[_family] = _class, {}
            _features = FEATURES.setdefault(_class, set())
        case [_code, _short, _feature]:
            MIRP[_family][_short] = _feature
            _features.add(_feature)
            if _code != "-":
                CODES[_code] = (_class, _feature)
