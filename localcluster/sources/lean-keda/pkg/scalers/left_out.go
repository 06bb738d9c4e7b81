package scalers

import "errors"

// externalMetricType is defined beside a scaler that is left out.
const externalMetricType = "External"

// leftOut stands in for a scaler whose SDK would be compiled for nothing; it takes whatever the scaler takes.
func leftOut(...any) (Scaler, error) {
	return nil, errors.New("this scaler is left out of this build")
}

// What KEDA's list of scalers names, but for cpu, memory and prometheus.
var (
	NewActiveMQScaler            = leftOut
	NewApacheKafkaScaler         = leftOut
	NewArangoDBScaler            = leftOut
	NewArtemisQueueScaler        = leftOut
	NewAwsCloudwatchScaler       = leftOut
	NewAwsDynamoDBScaler         = leftOut
	NewAwsDynamoDBStreamsScaler  = leftOut
	NewAwsKinesisStreamScaler    = leftOut
	NewAwsSqsQueueScaler         = leftOut
	NewAzureAppInsightsScaler    = leftOut
	NewAzureBlobScaler           = leftOut
	NewAzureCosmosDBScaler       = leftOut
	NewAzureDataExplorerScaler   = leftOut
	NewAzureEventHubScaler       = leftOut
	NewAzureLogAnalyticsScaler   = leftOut
	NewAzureMonitorScaler        = leftOut
	NewAzurePipelinesScaler      = leftOut
	NewAzureQueueScaler          = leftOut
	NewAzureServiceBusScaler     = leftOut
	NewBeanstalkdScaler          = leftOut
	NewCassandraScaler           = leftOut
	NewClickHouseScaler          = leftOut
	NewCouchDBScaler             = leftOut
	NewCronScaler                = leftOut
	NewDatadogScaler             = leftOut
	NewDynatraceScaler           = leftOut
	NewElasticForecastScaler     = leftOut
	NewElasticsearchScaler       = leftOut
	NewEtcdScaler                = leftOut
	NewExternalMockScaler        = leftOut
	NewExternalPushScaler        = leftOut
	NewExternalScaler            = leftOut
	NewForgejoRunnerScaler       = leftOut
	NewGcpCloudTasksScaler       = leftOut
	NewGcpSpannerScaler          = leftOut
	NewGcsScaler                 = leftOut
	NewGitHubRunnerScaler        = leftOut
	NewGraphiteScaler            = leftOut
	NewHuaweiCloudeyeScaler      = leftOut
	NewIBMMQScaler               = leftOut
	NewInfluxDBScaler            = leftOut
	NewKafkaScaler               = leftOut
	NewKubernetesResourceScaler  = leftOut
	NewKubernetesWorkloadScaler  = leftOut
	NewLiiklusScaler             = leftOut
	NewLokiScaler                = leftOut
	NewMSSQLScaler               = leftOut
	NewMetricsAPIScaler          = leftOut
	NewMongoDBScaler             = leftOut
	NewMySQLScaler               = leftOut
	NewNATSJetStreamScaler       = leftOut
	NewNSQScaler                 = leftOut
	NewNewRelicScaler            = leftOut
	NewOpensearchScaler          = leftOut
	NewOpenstackMetricScaler     = leftOut
	NewOpenstackSwiftScaler      = leftOut
	NewPostgreSQLScaler          = leftOut
	NewPredictKubeScaler         = leftOut
	NewPubSubScaler              = leftOut
	NewPulsarScaler              = leftOut
	NewRabbitMQScaler            = leftOut
	NewRedisScaler               = leftOut
	NewRedisStreamsScaler        = leftOut
	NewSeleniumGridScaler        = leftOut
	NewSolaceDMScaler            = leftOut
	NewSolaceScaler              = leftOut
	NewSolarWindsScaler          = leftOut
	NewSolrScaler                = leftOut
	NewSplunkObservabilityScaler = leftOut
	NewSplunkScaler              = leftOut
	NewStackdriverScaler         = leftOut
	NewSumologicScaler           = leftOut
	NewTemporalScaler            = leftOut
)
